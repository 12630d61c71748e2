"""How a package leaves: SAS transport files, Dataset-JSON, Define-XML and the reviewer's guide."""
