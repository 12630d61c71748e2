"""What answers mean for the trial: tracks, milestones and to-dos. Pure."""
