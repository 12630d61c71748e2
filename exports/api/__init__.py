"""The API for programs: the same permissions and the same services as the pages."""
