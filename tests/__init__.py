"""The tests stand in the folders of what they test.

``tests/F/test_M.py`` is about the module M of the folder F of the code; ``test_M_ASPECT.py`` looks at one side of it.
``whole`` is about whole runs, everything that is shipped, the documents and the plan of the code; ``support`` has what
several tests share, and ``data`` what they read. A test that belongs to one module stands with it.
"""
