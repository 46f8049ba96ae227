// Reads calendars with ical.js (Thunderbird, Nextcloud) and node-ical, and prints what each shows between two times.
// In: {"calendars": [text], "from": ISO, "to": ISO}. Out: {"ical.js": [[[start, title]] or error text], "node-ical": ...}.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const modules = createRequire(process.argv[2] + "/");
const load = async (name) => import(pathToFileURL(modules.resolve(name)));
const ICAL = (await load("ical.js")).default;
const ical = (await load("node-ical")).default;

const order = JSON.parse(readFileSync(0, "utf8"));
const from = new Date(order.from);
const to = new Date(order.to);
const stamp = (date) => date.toISOString().slice(0, 16);

function ofIcalJs(text) {
  const shown = [];
  const calendar = new ICAL.Component(ICAL.parse(text));
  ICAL.TimezoneService.reset();
  for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
  const events = calendar.getAllSubcomponents("vevent").map((one) => new ICAL.Event(one));
  const exceptions = events.filter((one) => one.isRecurrenceException());
  const at = (time) => (time.isDate ? time.toString() : stamp(time.toJSDate()));
  for (const event of events.filter((one) => !one.isRecurrenceException())) {
    for (const one of exceptions) if (one.uid === event.uid) event.relateException(one);
    if (!event.isRecurring()) {
      shown.push([at(event.startDate), event.summary]);
      continue;
    }
    const iterator = event.iterator();
    for (let next = iterator.next(); next; next = iterator.next()) {
      if (next.toJSDate() > to) break;
      const details = event.getOccurrenceDetails(next);
      if (details.item.component.getFirstPropertyValue("status") === "CANCELLED") continue;
      shown.push([at(details.startDate), details.item.summary]);
    }
  }
  return shown;
}

function ofNodeIcal(text) {
  const shown = [];
  for (const event of Object.values(ical.sync.parseICS(text))) {
    if (event.type !== "VEVENT") continue;
    const at = (date, wholeDay) =>
      wholeDay
        ? `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`
        : stamp(date);
    for (const one of ical.expandRecurringEvent(event, { from, to })) {
      if (one.event.status === "CANCELLED") continue;
      shown.push([at(one.start, one.isFullDay), one.summary]);
    }
  }
  return shown;
}

const attempt = (reader, text) => {
  try {
    return reader(text);
  } catch (error) {
    return String(error);
  }
};
process.stdout.write(
  JSON.stringify({
    "ical.js": order.calendars.map((text) => attempt(ofIcalJs, text)),
    "node-ical": order.calendars.map((text) => attempt(ofNodeIcal, text)),
  }),
);
