"""What does the worker do for the evidence desk? The only files of the app that call the pipeline."""
