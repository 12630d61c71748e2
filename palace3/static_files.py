"""Static files with hashed names, also where one of our JavaScript modules names another."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Django's own rewriting of modules reads every package's files, and stops at those of some."""

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        (
            "js/*.js",
            (
                (
                    r'(?P<matched>(?P<names>import\s*\{[^}]*\}) from "(?P<url>\.{1,2}/[^"]+)";)',
                    '%(names)s from "%(url)s";',
                ),
            ),
        ),
    )
