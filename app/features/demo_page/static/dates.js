/** Dates, months, zones: strings in, words out. A date is `YYYY-MM-DD`, a month `YYYY-MM`. */

const LANGUAGE = navigator.language.startsWith("en") ? navigator.language : "en-GB";
const FIRST_WEEKDAY = new Intl.Locale(LANGUAGE).getWeekInfo?.().firstDay ?? 1;

export const ownZone = () => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone && zone !== "Etc/Unknown" ? zone : "UTC";
};

/** Of a booking: what this browser does not know is told in UTC. */
export function knownZone(zone) {
  try {
    return new Intl.DateTimeFormat(LANGUAGE, { timeZone: zone }).resolvedOptions().timeZone && zone;
  } catch {
    return "UTC";
  }
}

/** Zone names by continent, the given one among them whatever it is. */
export function zonesWith(zone) {
  const names = new Set([...(Intl.supportedValuesOf?.("timeZone") ?? []), "UTC", zone]);
  return Map.groupBy([...names].sort(), (name) => (name.includes("/") ? name.split("/")[0] : "Other"));
}

/** Cities that browsers still know by a former name. */
const RENAMED = { Calcutta: "Kolkata", Katmandu: "Kathmandu", Kiev: "Kyiv", Rangoon: "Yangon", Saigon: "Ho Chi Minh City" };

export function zoneLabel(zone) {
  const city = zone.split("/").at(-1).replaceAll("_", " ");
  return RENAMED[city] ?? city;
}

/** Swedish is how Intl spells ISO 8601. */
export const today = (zone) => new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(new Date());

const atNoon = (date) => new Date(`${date}T12:00:00Z`);
const iso = (moment) => moment.toISOString().slice(0, 10);
const words = (moment, options) => new Intl.DateTimeFormat(LANGUAGE, options).format(moment);

export const dayName = (date) => words(atNoon(date), { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });
export const monthName = (month) => words(atNoon(`${month}-01`), { month: "long", year: "numeric", timeZone: "UTC" });

export function addMonths(month, count) {
  const [year, number] = month.split("-").map(Number);
  return iso(new Date(Date.UTC(year, number - 1 + count, 1, 12))).slice(0, 7);
}

export function lastDay(month) {
  const [year, number] = month.split("-").map(Number);
  return iso(new Date(Date.UTC(year, number, 0, 12)));
}

/** The weeks of a month, seven dates each; null outside of it. */
export function weeksOf(month) {
  const before = (atNoon(`${month}-01`).getUTCDay() - FIRST_WEEKDAY + 7) % 7;
  const count = Number(lastDay(month).slice(-2));
  const cells = Array.from({ length: Math.ceil((before + count) / 7) * 7 }, (_, index) => {
    const day = index - before + 1;
    return day < 1 || day > count ? null : `${month}-${String(day).padStart(2, "0")}`;
  });
  return Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7));
}

/** Short and long names, in the order of the columns. The first of 2024 was a Monday. */
export const weekdays = () =>
  Array.from({ length: 7 }, (_, index) => {
    const moment = atNoon(`2024-01-0${((index + FIRST_WEEKDAY + 6) % 7) + 1}`);
    return [words(moment, { weekday: "short", timeZone: "UTC" }), words(moment, { weekday: "long", timeZone: "UTC" })];
  });

/** Of an instant, in a zone. */
export const time = (start, timeZone) => words(new Date(start), { hour: "numeric", minute: "2-digit", timeZone });
export const timeAndZone = (start, timeZone) =>
  words(new Date(start), { hour: "numeric", minute: "2-digit", timeZoneName: "short", timeZone });
export const dayOf = (start, timeZone) => dayName(new Intl.DateTimeFormat("sv-SE", { timeZone }).format(new Date(start)));
export const shortly = (start, timeZone) =>
  words(new Date(start), { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit", timeZone });

export const ending = (start, minutes) => new Date(new Date(start).getTime() + minutes * 60_000).toISOString();

export const duration = (minutes) =>
  minutes % 60 ? `${minutes} min` : minutes === 60 ? "1 hour" : `${minutes / 60} hours`;
