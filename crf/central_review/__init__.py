"""Central review: questions of a form that people outside the sites answer, each for themselves, without the arm."""
