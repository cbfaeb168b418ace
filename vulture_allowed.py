"""Names that vulture takes for unused though they are not, each with its reason; read by `make lint`, never run.

What product code does not reach and is not named here goes.
"""

from jinja2 import Environment

from orchestration import cli, definitions, event_log
from orchestration.pages.where_we_stand import Standing, Tile
from simulation.hazards import ClaimType
from transforms.composite import weighting_methods
from transforms.settings import ClaimSettings, ComplaintSettings, ServiceSettings
from transforms.statistics import expert_weights
from transforms.targets import Target
from transforms.units import Unit
from warehouse.landing.land import Load

# Figures of worked examples, which tests ask for.
expert_weights.PairwiseWeights.consistency_index
weighting_methods.ComponentWeights.n_kept

# Called by those who run us: the console, Dagster's loader and its event log, SQLAlchemy's cursors.
cli.main
definitions.__getattr__
event_log.KeptEventLogStorage.from_config_value
event_log.KeptEventLogStorage._connect
fetched.cursor_fetch_strategy
answer.unbuffered_active
fetched.statement

# Asked for by a name in a text: switches of definitions, figures of units and of simulated claims, columns of loads.
Target.corridor
ClaimSettings.small_name
ComplaintSettings.sales_name
ComplaintSettings.assessment_name
Unit.shown_times
Unit.change_words
ClaimType.claimed_median
ClaimType.claimed_sigma
ClaimType.investigated_share
Load.loaded_at
Load.rows_unchanged
Load.rows_added
Load.rows_corrected
Load.rows_replaced
Load.rows_taken_back

# Measures that a project's own KPIs ask for by their names.
deadline
net_promoter
term_share

# What templates of pages read.
Standing.tiles
Standing.sparks
Tile.spark
Environment.globals

# What the switch of a definition version names, and what rows of targets are made of.
ServiceSettings.delivery_name
Target.corridor
