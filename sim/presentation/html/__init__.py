"""The report: one self-contained page about a run, an explanation, a comparison or a sweep.

Everything is in the page: tables and figures (inline SVG) are there without JavaScript, which adds hovering,
highlighting and a timeline that can be zoomed. Nothing is fetched. ``page`` puts sections together, ``run_page`` and
``experiment_pages`` write them, ``sweep_page`` those of a sweep, ``parts`` has the tables, ``timeline_data`` what the timeline shows.
Style and script are page.css and page.js, with sweep.css and sweep.js on pages about sweeps.
"""
