"""The public page as Lighthouse sees it, in a real browser on this machine."""
