"""Pages of visits: one visit, the agenda of a site, contacts."""
