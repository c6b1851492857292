export { EventOverflowError, EventQueue, type NextOptions } from "./event-queue.ts";
export { type ServerEvents, serverEvents } from "./server-events.ts";
export { SharedRegistration } from "./shared-registration.ts";
export { type EventSink, type EventSource, Subscription } from "./subscription.ts";
