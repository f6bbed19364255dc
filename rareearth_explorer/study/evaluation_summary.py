"""The main numbers of an evaluation as lines of text."""

from __future__ import annotations

from typing import Any

__all__ = ["summary"]

SUMMARY = {
    "one template: AUC": "auc",
    "  lowest AUC": "auc/min",
    "  share of AUCs below 0.5": "auc/share_below_0.5",
    "Cosine Contrast: AUC": "contrast/auc",
    "  average precision": "contrast/average_precision",
    "  mines kept at 0": "contrast/at_zero/mines_kept",
    "  patches gone at 0": "contrast/at_zero/patches_gone",
    "  F1 at 0": "contrast/at_zero/f1",
    "  F1 at the best threshold": "contrast/at_best_f1/f1",
    "  accuracy at 0": "contrast/at_zero/accuracy",
    "  accuracy at the best threshold": "contrast/at_best_f1/accuracy",
    "  accuracy of 'no mine' everywhere": "contrast/at_zero/accuracy_of_no_mine",
    "  pools in the first 1 %": "contrast/found_in_first/1%/pools",
    "  pools in the first 5 %": "contrast/found_in_first/5%/pools",
    "  pools in the first 10 %": "contrast/found_in_first/10%/pools",
    "  pools in the first 20 %": "contrast/found_in_first/20%/pools",
    "  ranking for 90 % of the pools": "contrast/ranking_for_90%_of_pools",
}
"""Printed lines, and the keys of their numbers in the record."""

ROUND = ("auc", "at_zero/mines_kept", "at_zero/patches_gone", "at_zero/f1")


def summary(record: dict[str, Any]) -> list[str]:
    """Summarise a record in lines of text, with the paper's own numbers beside ours."""
    data, protocol, pairs = record["data"], record["protocol"], record["random_pairs"]
    judged = "templates scored too" if protocol["templates_scored"] else "templates not scored"
    if protocol["blocks_held_out_m"]:
        judged += f", nor blocks of {protocol['blocks_held_out_m']:,.0f} m around them"
    ours = {**record["single_template"], "contrast": pairs["contrast"]}
    paper = {**record["paper"]["single_template"], "contrast": record["paper"]["contrast"]}
    chosen = record["chosen"] or {}
    table = [["", f"{pairs['count']:,} random pairs", "chosen" if chosen else "", "paper"]]
    for name, path in SUMMARY.items():
        table.append([name, *(_cell(tree, path) for tree in (ours, chosen, paper))])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    rounds = [
        "round {}: AUC {}, mines kept {}, patches gone {}, F1 {}".format(
            measured["round"], *(_cell(measured["contrast"], path) for path in ROUND)
        )
        for measured in record["rounds"]
    ]
    return [
        f"{data['table']}: {data['patches']:,} patches, {data['mine_patches']:,} with a mine, "
        f"{data['pools']:,} pools{'; synthetic' if data['synthetic'] else ''}; {judged}.",
        *([f"Labels: {data['labels']['said']}."] if data["labels"] else []),
        *_against_the_labels(chosen),
        *("  ".join(map(str.ljust, row, widths)).rstrip() for row in table),
        f"Refined from {protocol['hunts']} of the pairs by a simulated analyst:",
        *rounds,
        f"The paper: {record['paper']['source']}.",
    ]


def _against_the_labels(chosen: dict[str, Any]) -> list[str]:
    """Report the chosen templates whose sign the labels do not support."""
    said = [
        ("positives_without_pool", "positive", "hold no labelled pool"),
        ("negatives_with_pool", "negative", "hold a labelled pool"),
    ]
    return [
        f"Given as {sign}, but these patches {what}: {', '.join(map(str, chosen[key]))}."
        for key, sign, what in said
        if chosen.get(key)
    ]


def _cell(tree: Any, path: str) -> str:
    """Format a number of a record, with the interval of the mean if there are several runs."""
    for name in path.split("/"):
        if name not in tree:
            return ""
        tree = tree[name]
    if not isinstance(tree, dict):
        return f"{tree:.3f}"
    if "mean_interval_95" in tree:
        low, high = tree["mean_interval_95"]
        return f"{tree['mean']:.3f} ({low:.3f} to {high:.3f})"
    return f"{tree['mean']:.3f} ± {tree['std']:.3f}"
