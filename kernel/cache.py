"""Counts that every web process shares; while the server that holds them is away, nothing is held against anybody."""

from __future__ import annotations

import logging
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis import RedisError

log = logging.getLogger(__name__)


class SharedCache(RedisCache):
    """Django's cache on Redis, of which a fault is a miss: it counts tries, and work must go on without it."""

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._forgiven("add", False, *args, **kwargs))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._forgiven("get", default, key, default, version)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._forgiven("set", None, *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> int:
        return int(self._forgiven("incr", 0, *args, **kwargs))

    def _forgiven(self, name: str, instead: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(super(), name)(*args, **kwargs)
        except RedisError:
            log.warning("cache.away")
            return instead
