{# The checks that dbt has no test of its own for; rows that come back are violations. #}

{% test grain(model, columns) %}
select {{ columns | join(', ') }}, count(*) as n
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}

{% test filled(model, columns) %}
select {{ columns | join(', ') }}
from {{ model }}
where {{ columns | join(' is null or ') }} is null
{% endtest %}

{% test never(model, condition) %}
select *
from {{ model }}
where {{ condition }}
{% endtest %}
