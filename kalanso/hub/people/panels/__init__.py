"""Which parts of pages do people fill, wherever they stand? One file per subject."""
