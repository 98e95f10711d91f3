"""How is the manual built?"""

project = "Kalanso"
copyright = "2026, the Kalanso founders"
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Kalanso"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#28427b", "color-brand-content": "#28427b"},
    "dark_css_variables": {"color-brand-primary": "#9fb3e0", "color-brand-content": "#9fb3e0"},
}
suppress_warnings = ["myst.xref_missing"]
