"""``python -m repogen`` is ``repogen``."""

from repogen.cli import main

if __name__ == "__main__":
    main()
