/*
The working calendar: the official one of the project's country, with the days that the calendar feed gives instead.
grain: date
owner: compliance
*/
SELECT
    official.date,  -- The day.
    coalesce(given.is_workday, official.is_workday) AS is_workday,  -- A working day.
    coalesce(given.is_statutory_rest, NOT given.is_workday, official.is_statutory_rest) AS is_statutory_rest,  -- Terms do not end on it.
    official.is_official OR given.date IS NOT NULL AS is_known  -- Officially known or given by the feed; else Monday to Friday count as working days.
FROM staging.official_calendar AS official
LEFT JOIN latest.calendar AS given ON given.date = official.date
