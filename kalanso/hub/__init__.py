"""How do people read, and later write, what the library computed?

Django apps over the published tables of one store. `site` assembles the pages, `explore` shows
any published table as page, map, chart and download. Nothing in the library knows this package.
"""
