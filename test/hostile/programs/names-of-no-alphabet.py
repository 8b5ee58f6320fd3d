"""Names that are no text in any spelling we know."""
import os

for name in (b"src/\xff\xfe", b"src/\xc3\x28", b"src/a\x80"):
    with open(name, "wb") as file:
        file.write(b"odd\n")
print("wrote", len([name for name in os.listdir(b"src") if name[-1:] not in b"t"]))
