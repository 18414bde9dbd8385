// What a front end does with the generated types; compiled by a test, never run.
import createClient from "openapi-fetch";
import type { paths } from "./bff";

const bff = createClient<paths>({ baseUrl: "https://bff.example.test" });

export async function bookFirstFreeTime(eventTypeId: string): Promise<string> {
  const free = await bff.GET("/api/v1/event-types/{eventTypeId}/availability", {
    params: { path: { eventTypeId }, query: { timeZone: "Asia/Kolkata" } },
  });
  const start = free.data?.days[0]?.slots?.[0]?.start;
  if (start === undefined) return "nothing is free";

  const booked = await bff.POST("/api/v1/bookings", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: {
      eventTypeId,
      start,
      timeZone: "Asia/Kolkata",
      invitee: { name: "Grace Example", email: "grace@example.test" },
    },
  });
  if (booked.error) return booked.error.code;
  return booked.data.status;
}
