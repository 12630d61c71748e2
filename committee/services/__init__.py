"""Packs are made, released and handed out; parts of them are shared and revoked."""
