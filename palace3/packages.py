"""The packages of this repository that hold the product, lowest floor first."""

PACKAGES = (
    "kernel",
    "protocol",
    "audit",
    "accounts",
    "trials",
    "website",
    "followup",
    "crf",
    "randomization",
    "notices",
    "reports",
    "exports",
    "analysis",
    "committee",
    "monitoring",
    "operations",
    "design",
    "demo",
    "palace3",
)
