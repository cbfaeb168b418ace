"""The `engine` part of the project file: where facts are made, in this process or by the workers of a Spark server.

Only what is written there; how buckets are made is in `buckets.py`, how a server is asked for them in `spark.py`.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class SparkEngine(BaseModel):
    """A Spark server whose workers make facts, a bucket of keys each."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    spark: str = Field(
        pattern=r"^sc://.+",
        description="Address of a Spark Connect server whose workers have this package, of this version.",
        examples=["sc://spark.example.org:15002"],
    )
    buckets: int = Field(
        256,
        ge=2,
        le=4096,
        description="In how many buckets of their keys large facts are made; a power of two.",
        examples=[256],
    )
    exchange: Path = Field(
        description="Folder that the workers see under the same path; what is made there goes with the run.",
        examples=["/mnt/exchange"],
    )

    @field_validator("buckets")
    @classmethod
    def _halves(cls, buckets: int) -> int:
        if buckets & (buckets - 1):
            raise ValueError(f"{buckets} is no power of two; {1 << buckets.bit_length()} is the next")
        return buckets


Engine = Annotated[Literal["local"] | SparkEngine, Field(union_mode="left_to_right")]
