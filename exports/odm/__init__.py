"""The trial as CDISC ODM-XML, 1.3.2 and 2.0: definitions, answers with every version, signatures and queries."""
