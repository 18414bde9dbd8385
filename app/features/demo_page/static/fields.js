/** The controls of a form: one for each field that the API describes. */

import { h } from "./dom.js";

/** What a visitor reads at a field that is wrong, by fault code. Other codes bring their own message. */
const FAULTS = {
  required: "Please fill this in.",
  blank: "Please fill this in.",
  too_long: "This is too long.",
  too_many: "These are too many.",
  control_character: "This has characters that cannot be sent.",
  duplicate: "This is here twice.",
  choice_invalid: "Please choose one of these.",
  phone_invalid: "This is not a phone number we can dial. Check the number and its country.",
  email_invalid: "This is not a complete e-mail address.",
  guest_is_invitee: "You are invited anyway; name only others.",
};

const COMPLETE = { "/invitee/name": "name", "/invitee/email": "email", "/invitee/phone": "tel" };
const TYPES = { email: "email", tel: "tel" };

/** What phone numbers without a country code may belong to: ISO 3166, two letters each. */
export const REGIONS =
  "ACADAEAFAGAIALAMAOARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGTGUGWGYHKHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTATCTDTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW"
    .match(/../g);

let count = 0;

/** `value()` is what is sent, undefined for nothing; `state` is what was typed, to be kept. */
export function controlFor(field, state) {
  const id = `field-${++count}`;
  const make = field.choices ? choiceControl : textControl;
  const error = h("p", { id: `${id}-error`, class: "fault", hidden: true });
  const help = field.help && !field.when && h("p", { id: `${id}-help`, class: "help" }, field.help);
  const control = make(field, id, state, help, error);
  const { marked, described } = control;
  const describe = (faulty) => {
    const ids = [help && help.id, faulty && error.id].filter(Boolean).join(" ");
    if (ids) described.setAttribute("aria-describedby", ids);
    else described.removeAttribute("aria-describedby");
    for (const element of marked) element.setAttribute("aria-invalid", String(faulty));
  };
  describe(false);
  return {
    field,
    ...control,
    isAsked: () => !control.element.closest("[hidden]"),
    focus: () => control.first().focus(),
    clear: () => ((error.hidden = true), describe(false)),
    fail: ({ code, message }) => {
      const choose = field.choices && code === "required";
      error.textContent = choose ? "Please choose." : (FAULTS[code] ?? message);
      error.hidden = false;
      describe(true);
      return error.textContent;
    },
  };
}

const labelOf = (field) => [field.label, !field.required && h("span", { class: "optional" }, " (optional)")];

function textControl(field, id, state, help, error) {
  const long = field.input === "textarea" || field.input === "emails";
  const input = h(long ? "textarea" : "input", {
    id,
    type: long ? null : (TYPES[field.input] ?? "text"),
    rows: long ? (field.input === "emails" ? 2 : 4) : null,
    maxlength: field.maxLength,
    autocomplete: COMPLETE[field.pointer] ?? (field.input === "tel" ? "tel" : "off"),
    "aria-required": field.required ? "true" : null,
  });
  input.value = state ?? "";
  const region = field.input === "tel" ? regionPart(id, input) : null;
  const value = () => {
    const text = input.value.trim();
    if (field.input === "emails") return text ? text.split(/[\s,;]+/).filter(Boolean) : undefined;
    return text || undefined;
  };
  const element = h(
    "div",
    { class: "field" },
    h("label", { for: id }, labelOf(field)),
    help,
    region ? h("div", { class: "phone" }, input, region) : input,
    error,
  );
  return { element, marked: [input], described: input, first: () => input, value, state: () => input.value };
}

const guess = new Intl.Locale(navigator.language).maximize().region;

let region = REGIONS.includes(guess) ? guess : "US";

/** Whose numbers are read without a country code: one answer for all phone fields of a booking. */
export const chosenRegion = () => region;

/** Shown only where it matters: at a number that does not begin with +. */
function regionPart(id, input) {
  const names = new Intl.DisplayNames("en", { type: "region" });
  const options = REGIONS.map((code) => [names.of(code), code]).sort(([one], [other]) => one.localeCompare(other));
  const select = h(
    "select",
    { id: `${id}-region`, "data-region": true },
    options.map(([name, code]) => h("option", { value: code, selected: code === region }, name)),
  );
  select.addEventListener("change", () => {
    region = select.value;
    for (const other of document.querySelectorAll("select[data-region]")) other.value = region;
  });
  const part = h("div", { class: "region" }, h("label", { for: select.id }, "Country of this number"), select);
  const show = () => (part.hidden = /^\s*(\+|$)/.test(input.value));
  input.addEventListener("input", show);
  show();
  return part;
}

function choiceControl(field, id, state, help, error) {
  const several = field.input === "checkboxes";
  const type = several ? "checkbox" : "radio";
  const picked = new Set(state?.picked ?? (field.required && field.choices.length === 1 ? [0] : []));
  const parts = new Map();
  const offered = field.choices.map((choice, index) => [choice.label, choice.help, index]);
  if (field.allowOther) offered.push(["Other", null, "other"]);
  if (!field.required && !several) offered.push(["No answer", null, "none"]);
  const rows = offered.map(([label, more, index]) => {
    const own = `${id}-${index}`;
    const input = h("input", { type, id: own, name: id, value: index, checked: picked.has(index) });
    if (more) input.setAttribute("aria-describedby", `${own}-more`);
    const row = h(
      "div",
      { class: "choice" },
      input,
      h("label", { for: own }, label),
      more && h("p", { class: "help", id: `${own}-more` }, more),
    );
    parts.set(index, { input, row, inner: [] });
    return row;
  });
  const other = field.allowOther && h("input", { type: "text", maxlength: 255, "aria-label": `${field.label} Other` });
  if (other) {
    other.value = state?.other ?? "";
    nest("other", other);
  }

  function nest(index, element) {
    const { row, inner } = parts.get(index);
    inner.push(element);
    row.append(element);
    update();
  }

  function update() {
    for (const { input, inner } of parts.values()) inner.forEach((element) => (element.hidden = !input.checked));
  }

  const chosen = () => [...parts].filter(([, { input }]) => input.checked).map(([index]) => index);
  const valueAt = (index) => (index === "other" ? other.value.trim() : field.choices[index]?.value);
  const value = () => {
    const values = chosen().map(valueAt).filter(Boolean);
    return several ? values : values[0];
  };
  const element = h(
    "fieldset",
    { class: "field", role: several ? null : "radiogroup", "aria-labelledby": `${id}-legend`, "aria-required": !several && field.required ? "true" : null },
    h("legend", { id: `${id}-legend` }, labelOf(field)),
    help,
    rows,
    error,
  );
  element.addEventListener("change", update);
  update();
  const inputs = [...parts.values()].map((part) => part.input);
  return {
    element,
    marked: several ? inputs : [element],
    described: element,
    first: () => inputs.find((input) => input.checked) ?? inputs[0],
    value,
    state: () => ({ picked: chosen(), other: other ? other.value : "" }),
    nestAt: (choice, inner) => nest(field.choices.findIndex((each) => each.value === choice), inner),
  };
}
