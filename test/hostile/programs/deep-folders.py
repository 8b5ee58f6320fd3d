"""Deeper than a path may be long, with a file at the bottom."""
import os

for depth in range(60):
    os.mkdir("x" * 200)
    os.chdir("x" * 200)
with open("file", "w") as file:
    file.write("deep\n")
print("deep", depth + 1)
