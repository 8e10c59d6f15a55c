"""For mkdocs: what a document links to outside of docs/ is no page of the site; it is named, and not linked."""

import os
import re

LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
STYLE = "th, td { white-space: normal !important; } .wy-nav-content { max-width: 72rem; }\n"


def on_page_markdown(markdown, page, config, files):
    folder = os.path.dirname(page.file.src_path)

    def replaced(match):
        text, target = match.groups()
        path = target.split("#")[0]
        if "://" in target or not path:
            return match.group(0)
        inside = os.path.normpath(os.path.join(folder, path))
        if files.get_file_from_path(inside):
            return match.group(0)
        return text if text.strip("`") == os.path.basename(path) else f"{text} ({os.path.relpath(inside, '..') if inside.startswith('..') else inside})"

    # Code is left as it is: every second part is fenced.
    parts = re.split(r"(?ms)(^```.*?^```\s*$)", markdown)
    return "".join(part if i % 2 else LINK.sub(replaced, part) for i, part in enumerate(parts))


def on_post_build(config):
    with open(os.path.join(config["site_dir"], "site.css"), "w", encoding="utf-8") as css:
        css.write(STYLE)
