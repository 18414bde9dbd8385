/** A form drawn from the fields that the API describes, and the booking it makes. */

import { button, h, say } from "./dom.js";
import { chosenRegion, controlFor } from "./fields.js";

/** What was typed, by field: it outlives a step back, another time, and a form that has changed. */
const drafts = new Map();

const keyOf = (field) => field.questionId ?? `${field.pointer} ${field.when ?? ""}`;

export const forgetDrafts = () => drafts.clear();

/** `element` to show, `fill(body)` to make a booking of it, `refuse(errors)` to show what is wrong. */
export function drawForm({ fields, version }) {
  const controls = fields.map((field) => controlFor(field, drafts.get(keyOf(field))));
  const places = controls.find(({ field }) => field.pointer === "/location/optionId");
  const summary = h("div", { class: "panel", hidden: true });
  const element = h("div", { class: "fields" }, summary);
  for (const control of controls) {
    if (control.field.when) places.nestAt(control.field.when, control.element);
    else element.append(control.element);
  }
  const keep = () => controls.forEach((control) => drafts.set(keyOf(control.field), control.state()));
  element.addEventListener("input", keep);
  element.addEventListener("change", keep);

  function fill(body) {
    const asked = controls.filter((control) => control.isAsked());
    for (const { field, value } of asked) put(body, field, value());
    const phones = asked.filter(({ field, value }) => field.input === "tel" && value());
    if (phones.some(({ value }) => !value().startsWith("+"))) body.region = chosenRegion();
    return { ...body, formVersion: version };
  }

  function refuse(errors) {
    const asked = controls.filter((control) => control.isAsked());
    controls.forEach((control) => control.clear());
    const found = new Map();
    const general = [];
    for (const error of errors) {
      const control = faulty(asked, places, error.pointer);
      if (!control) general.push(h("li", {}, error.message));
      else if (!found.has(control)) found.set(control, control.fail(error));
    }
    // The fields are in the order of the page; the faults are in that of the body.
    const links = asked
      .filter((control) => found.has(control))
      .map((control) => h("li", {}, button(`${titled(control.field.label)} ${found.get(control)}`, control.focus, "link")));
    const title = errors.length === 1 ? "Please check one thing" : "Please check a few things";
    summary.replaceChildren(h("h2", { tabindex: "-1" }, title), h("ul", {}, general, links));
    summary.hidden = false;
    say(title);
    const first = asked.find((control) => found.has(control));
    if (first) first.focus();
    else summary.firstChild.focus();
  }

  return { element, fill, refuse, settle: () => (summary.hidden = true) };
}

/** A question keeps its own mark. */
const titled = (label) => (/[?!.:]$/.test(label) ? label : `${label}:`);

/** What stands for nothing where a missing key would be refused before the rest is looked at. */
const EMPTY = { "/invitee/name": null, "/invitee/email": "" };

/** Put a value where the field's pointer says. Answers go without gaps, so that pointers to them hold. */
function put(body, field, value = EMPTY[field.pointer]) {
  const path = field.pointer.split("/").slice(1);
  if (field.questionId) {
    (body.answers ??= [])[Number(path[1])] = { questionId: field.questionId, value: value ?? null };
  } else if (value !== undefined) {
    const last = path.pop();
    const part = path.reduce((at, name) => (at[name] ??= {}), body);
    part[last] = value;
  }
}

/** The control that a fault's pointer names, or the nearest one that can mend it. */
function faulty(asked, places, pointer) {
  if (pointer === "/location") return places;
  if (pointer === "/region") return asked.find(({ field }) => field.input === "tel");
  return asked.find(({ field }) => pointer === field.pointer || pointer.startsWith(`${field.pointer}/`));
}
