"""One module for each form: what its answers become."""
