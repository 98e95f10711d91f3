"""What does the evidence desk know? Reading only; published tables through `published`."""
