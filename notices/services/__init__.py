"""Who is told what, and what each person chooses to be told: the only writers of this app."""
