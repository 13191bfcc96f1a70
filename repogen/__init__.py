"""repogen: a package repository for Python and R, built from a Git store."""
