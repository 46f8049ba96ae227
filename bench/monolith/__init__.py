"""The product's notes once more as a small Django project, to measure beside (`make bench-monolith`).

`settings`, `models`, `api` and `urls` are the project. It runs in an environment of its own, `.venv/.monolith`, made
from `requirements.txt`, and nothing of it is a dependency of the product. `__main__` measures.
"""
