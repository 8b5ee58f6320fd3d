"""As many threads as there can be."""
import threading

lock = threading.Lock()
lock.acquire()
started = 0
try:
    for _ in range(5000):
        threading.Thread(target=lock.acquire, daemon=True).start()
        started += 1
except RuntimeError:
    print("stopped", started < 100)
