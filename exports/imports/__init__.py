"""Data that come in as files: laboratory results, questionnaires, any form.

Answers go through the one door to a save.
"""
