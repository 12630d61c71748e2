"""Coding: the words of the sites in MedDRA and WHODrug, by coders, on a work list of their own (protocol 3.6)."""
