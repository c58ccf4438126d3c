"""``bitflow caption``: stretches of recordings in sentences, every claim held against what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bitflow.cli.console import Config, Json, Store, columns, result, result_json, say
from bitflow.cli.recordings import names

if TYPE_CHECKING:
    from bitflow.models.captioning.ethogram import Ethograms
    from bitflow.models.captioning.probes import Probed
    from bitflow.models.captioning.run import Captioned, Captioning


#: Outcomes without a caption, in words.
WHY_NONE = {
    "invalid": "answered out of form, in another language perhaps, and again when asked for it",
    "truncated": "answers cut off by the server",
    "refused": "refused by the model",
    "too_small": "with a face too small to be read",
    "no_video": "whose video is not at hand",
    "unavailable": "unanswered by the server",
    "rate_limited": "turned away by the server for coming too often",
    "deadline": "not answered in time",
    "unauthorised": "turned away by the server for a wrong key",
    "rejected": "not accepted by the server",
    "blocked_redirect": "redirected to another address, which is not followed",
}


def caption(
    store: Store,
    endpoint: Annotated[
        str | None,
        typer.Option(
            "--endpoint", metavar="URL", help="A server that speaks OpenAI's chat protocol and sees pictures."
        ),
    ] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="NAME", help="As the server calls it.")] = None,
    segments: Annotated[
        str | None,
        typer.Option("--segments", metavar="NAME", help="Caption the rows of this table, or the events of this name."),
    ] = None,
    window: Annotated[
        float | None, typer.Option("--window", metavar="S", min=0.5, help="Caption stretches of equal length.")
    ] = None,
    recordings: Annotated[
        str | None, typer.Option("--recordings", metavar="A,B", help="These recordings.", show_default="all")
    ] = None,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="The server may be another machine; recordings need a consent.")
    ] = False,
    estimate: Annotated[bool, typer.Option("--estimate", help="Say what would be sent, and send nothing.")] = False,
    probe: Annotated[
        bool,
        typer.Option(
            "--probe", help="Ask the model about what is not there, in three tones, and keep what it is worth."
        ),
    ] = False,
    merge: Annotated[
        bool,
        typer.Option(
            "--merge", help="Join captions that are there to an ethogram; with --endpoint, as a model proposes."
        ),
    ] = False,
    second: Annotated[
        str | None,
        typer.Option(
            "--second-model", metavar="NAME[@URL]", help="With --merge: a second judge; what both say counts."
        ),
    ] = None,
    in_flight: Annotated[int, typer.Option("--in-flight", metavar="N", min=1, max=64, help="Requests at once.")] = 2,
    max_calls: Annotated[int | None, typer.Option("--max-calls", metavar="N", min=1, help="Stop there.")] = None,
    max_tokens: Annotated[int | None, typer.Option("--max-tokens", metavar="N", min=1, help="Stop there.")] = None,
    max_cost: Annotated[float | None, typer.Option("--max-cost", metavar="C", min=0, help="Stop there.")] = None,
    price_in: Annotated[float, typer.Option("--price-in", metavar="C", min=0, help="Of a million tokens sent.")] = 0.0,
    price_out: Annotated[
        float, typer.Option("--price-out", metavar="C", min=0, help="Of a million tokens answered.")
    ] = 0.0,
    key_variable: Annotated[
        str, typer.Option("--key-variable", metavar="NAME", help="Environment variable with the server's key.")
    ] = "BITFLOW_LLM_KEY",
    config: Config = None,
    json: Json = False,
) -> int:
    """Caption people or animals; without --endpoint from the tables alone, and nothing leaves this machine.

    Every claim is judged on the tables: supported, contradicted or not
    checkable. What they contradict is asked once more and then taken out.
    The table `captions` keeps all of it; the report shows it.

      bitflow caption features/
      bitflow caption features/ --endpoint http://127.0.0.1:8080 --model qwen2.5-vl-7b
      bitflow caption features/ --segments speakers
      bitflow caption features/ --endpoint http://127.0.0.1:8080 --model m --probe
      bitflow caption features/ --merge
    """
    from bitflow.errors import UsageError
    from bitflow.models.captioning.ethogram import merge_store
    from bitflow.models.captioning.run import Captioning, caption_store, probe_store, what_would_be_sent
    from bitflow.models.endpoints.address import endpoint as checked
    from bitflow.models.endpoints.budget import Limits
    from bitflow.store import open_store

    if (endpoint is None) != (model is None):
        raise UsageError("--endpoint and --model belong together")
    if segments is not None and window is not None:
        raise UsageError("name --segments or --window, not both")
    if endpoint is None and (allow_remote or estimate or probe):
        raise UsageError("--allow-remote, --estimate and --probe speak of an --endpoint")
    if max_cost is not None and not (price_in or price_out):
        raise UsageError(
            "--max-cost counts by --price-in and --price-out, prices of a million tokens: give one of them"
        )
    where = None
    if endpoint is not None and model is not None:
        where = checked(endpoint, model, allow_remote=allow_remote, key_variable=key_variable)
    if second is not None and not (merge and where):
        raise UsageError("--second-model judges beside --model, with --merge")
    limits = Limits(max_calls, max_tokens, max_cost, price_in, price_out)
    how = Captioning(where, segments, window, limits, in_flight)
    opened = open_store(store)
    chosen = names(recordings)
    if merge:
        judges = [] if where is None else [where]
        if second is not None and endpoint is not None:
            name, _, url = second.partition("@")
            judges.append(checked(url or endpoint, name, allow_remote=allow_remote, key_variable=key_variable))
        return _tell_merged(merge_store(opened, judges, recordings=chosen, limits=limits), json)
    if where is not None and (estimate or where.remote):
        told = what_would_be_sent(opened, how, chosen)
        _say_what_is_sent(told, how)
        if estimate:
            result_json(told) if json else None
            return 0
    if probe:
        return _tell_probed(probe_store(opened, how, chosen), json)
    from bitflow.cli.live_progress import counted_progress

    with counted_progress("stretches") as progress:
        done = caption_store(opened, how, recordings=chosen, progress=progress)
    return _tell(done, str(store), json)


def _say_what_is_sent(told: dict[str, Any], how: Captioning) -> None:
    total = told["total"]
    place = "another machine" if told["remote"] else "this machine"
    say(
        f"to {told['host']} ({place}): {total.get('calls', 0)} questions with {total.get('pictures', 0)} pictures, "
        f"{total.get('megabytes', 0):.1f} MB, about {total.get('tokens_in', 0)} tokens there and "
        f"{total.get('tokens_out', 0)} back; no words, names or measures"
        + (f"; about {total['cost']:.2f} by the prices given" if how.limits.price_in or how.limits.price_out else "")
    )


def _tell_merged(done: Ethograms, json: bool) -> int:
    from bitflow.cohort.wording import plural, printable

    if json:
        result_json(done.as_dict())
        return 1 if done.failed else 0
    for name, rows in done.rows.items():
        kappa = done.kappa.get(name)
        agreed = f"; two judges agree with κ = {kappa:.2f}" if kappa is not None else ""
        if name in done.kappa and kappa is None:
            agreed = "; agreement of the two judges is not known (one label, or no stretch that both named)"
        trust = "; untrusted" if name in done.untrusted else ""
        result(f"{printable(name)}: {plural(rows, 'labelled interval')}{agreed}{trust}")
    for model, pieces in done.fallbacks.items():
        say(f"{plural(pieces, 'piece')} joined by label: what {model} proposed did not cover it once")
    for name, sentence in done.failed.items():
        say(f"failed  {printable(name)}: {sentence}")
    return 1 if done.failed else 0


def _tell_probed(probed: Probed, json: bool) -> int:
    if json:
        result_json(probed.as_dict())
        return 0
    rows = [("tone", "asked", "accepted", "rate", "at most")]
    for tone, found in probed.tones.items():
        rows.append((tone, str(found.asked), str(found.accepted), f"{found.rate:.1%}", f"{found.upper:.1%}"))
    for line in columns(rows):
        result(line)
    if probed.order == probed.order:
        result(f"turns with the order of the pictures: {probed.order:.0%}")
    result(f"{probed.model}: {f'{probed.trust}; its captions say so' if probed.trust else 'passed'}")
    return 0


def _tell(done: Captioned, store: str, json: bool) -> int:
    from bitflow.cohort.wording import plural, printable
    from bitflow.models.captioning.silence import UNANSWERED

    if json:
        result_json({"store": store, **done.as_dict()})
    else:
        for name, rows in done.rows.items():
            made = done.captions[name]
            result(f"{printable(name)}: {plural(rows, 'caption') if made == rows else f'{made} of {rows} captions'}")
        said = ", ".join(f"{number} {verdict}" for verdict, number in sorted(done.verdicts.items()))
        result(f"claims: {said or 'none'}")
        missing = {name: number for name, number in done.outcomes.items() if name != "ok"}
        if missing:
            why = ", ".join(f"{number} {WHY_NONE.get(name, name)}" for name, number in missing.items())
            say(f"without a caption: {why}")
            if missing.keys() & {"invalid", "truncated", "refused"}:
                say("such answers are kept, too: after a change of the server, delete .replies.jsonl of the recordings")
        if done.trust:
            say(f"{done.trust}: this model said yes to what is not there (bitflow caption --probe)")
        if done.spent:
            about = "about " if done.spent["estimated"] else ""
            sent, back = done.spent["tokens_in"], done.spent["tokens_out"]
            say(f"{done.spent['calls']} requests, {about}{sent} tokens sent, {back} back")
    for name, sentence in done.failed.items():
        say(f"failed  {printable(name)}: {sentence}")
    if done.stopped:
        say(done.stopped)
    out_of_form = not any(done.captions.values()) and {"invalid", "truncated"} & done.outcomes.keys()
    return 1 if done.failed or done.stopped or out_of_form or UNANSWERED & done.outcomes.keys() else 0
