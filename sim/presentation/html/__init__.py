"""The report: one self-contained page about a run, an explanation, a comparison or a sweep.

Everything is in the page: tables and figures (inline SVG) are there without JavaScript, which adds hovering,
highlighting, sorting and a timeline that can be zoomed. Nothing is fetched. ``page`` puts sections together,
``run_page``, ``experiment_pages`` and ``sweep_page`` write them, ``parts`` has the tables, ``timeline_data`` what the
timeline shows. Style and script are page.css and page.js, and those of a kind of page beside them.
"""
