"""``python -m ovms``."""

from ovms.cli.main import main

if __name__ == "__main__":
    main()
