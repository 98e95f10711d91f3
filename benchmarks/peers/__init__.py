"""The same model in the hands of other engines, for comparison of speed and numbers."""
