import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { retryDelay } from "./backoff";
import { type FakePage, fakeBrowser } from "./fakes";
import { type Attempt, BACKGROUND_LIFE, Link } from "./link";

let page: FakePage;
let attempts: (Attempt & { isClosed: boolean; checks: number })[];
let link: Link;

beforeEach(() => {
  page = fakeBrowser();
  vi.spyOn(Math, "random").mockReturnValue(0);
  attempts = [];
  link = new Link(
    (attempt) => {
      const made = { ...attempt, isClosed: false, checks: 0 };
      attempts.push(made);
      return {
        close: () => {
          made.isClosed = true;
        },
        check: () => {
          made.checks += 1;
        },
      };
    },
    () => undefined,
  );
  link.start();
});

afterEach(() => {
  link.stop();
  vi.useRealTimers();
});

const last = () => attempts[attempts.length - 1] as (typeof attempts)[number];

test("the wait after a failure doubles up to a minute, less some by chance", () => {
  const waits = [1, 2, 3, 7, 50].map((failures) => retryDelay(failures, () => 0));
  expect(waits).toEqual([1000, 2000, 4000, 60_000, 60_000]);
  expect(retryDelay(2, () => 1)).toBe(1000);
});

test("a lost connection is begun again, after longer and longer", () => {
  expect(link.connection.status).toBe("connecting");
  last().opened();
  expect(link.connection.status).toBe("open");
  for (const wait of [1000, 2000, 4000]) {
    const before = attempts.length;
    last().lost("server_away");
    expect(link.connection).toMatchObject({
      status: "server_away",
      retry_at: Date.now() + wait,
    });
    vi.advanceTimersByTime(wait - 1);
    expect(attempts).toHaveLength(before);
    vi.advanceTimersByTime(1);
    expect(attempts).toHaveLength(before + 1);
  }
});

test("a connection that has lasted is begun again soon", () => {
  for (let time = 0; time < 5; time += 1) {
    last().lost("server_away");
    vi.advanceTimersByTime(60_000);
  }
  last().opened();
  vi.advanceTimersByTime(10_000);
  last().lost("server_away");
  expect(link.connection.retry_at).toBe(Date.now() + 1000);
});

test("a server that wants to be left alone is", () => {
  last().lost("server_away", 30);
  expect(link.connection.retry_at).toBe(Date.now() + 30_000);
});

test("nothing is tried again once the log-in has ended", () => {
  last().lost("login_ended");
  expect(link.connection).toMatchObject({ status: "login_ended", retry_at: null });
  vi.advanceTimersByTime(600_000);
  expect(attempts).toHaveLength(1);
  link.reconnect();
  expect(attempts).toHaveLength(2);
});

test("closed without a word three times is refused, and tried again minutes later", () => {
  last().lost("refused");
  expect(link.connection.status).toBe("server_away");
  vi.advanceTimersByTime(1000);
  last().lost("refused");
  vi.advanceTimersByTime(2000);
  last().lost("refused");
  expect(link.connection).toMatchObject({ status: "refused", retry_at: Date.now() + 300_000 });
});

test("what the server's answers contradict three times is blocked, and tried again each minute", () => {
  for (let time = 0; time < 3; time += 1) {
    last().lost("blocked");
    vi.advanceTimersByTime(60_000);
  }
  expect(link.connection.status).toBe("blocked"); // also while it tries
  for (let time = 0; time < 9; time += 1) {
    last().lost("blocked");
    vi.advanceTimersByTime(60_000);
  }
  expect(attempts).toHaveLength(13);
  last().lost("server_away");
  expect(link.connection.status).toBe("server_away");
});

test("a vehicle that the server does not know is not tried three times", () => {
  last().opened();
  last().lost("server_away");
  vi.advanceTimersByTime(1000);
  last().lost("unknown");
  expect(link.connection).toMatchObject({ status: "refused", retry_at: Date.now() + 300_000 });
});

test("a page in the background for a minute watches no more, until it is seen", () => {
  last().opened();
  page.see(false);
  vi.advanceTimersByTime(BACKGROUND_LIFE - 1);
  expect(link.connection.status).toBe("open");
  vi.advanceTimersByTime(1);
  expect(link.connection.status).toBe("paused");
  expect(last().isClosed).toBe(true);
  page.see(true);
  expect(attempts).toHaveLength(2);
});

test("a page that is seen again within the minute stays, and looks whether it still lives", () => {
  last().opened();
  page.see(false);
  vi.advanceTimersByTime(BACKGROUND_LIFE - 1);
  page.see(true);
  vi.advanceTimersByTime(BACKGROUND_LIFE);
  expect(link.connection.status).toBe("open");
  expect(last().checks).toBe(1);
});

test("without a network that is said, and with it the page tries at once", () => {
  last().lost("server_away");
  page.connect(false);
  expect(link.connection.status).toBe("offline");
  page.connect(true);
  expect(attempts).toHaveLength(2);
});

test("what a try says that is over counts no more", () => {
  const first = last();
  first.lost("server_away");
  vi.advanceTimersByTime(1000);
  first.opened();
  first.lost("login_ended");
  expect(link.connection.status).toBe("server_away");
  link.stop();
  last().lost("server_away");
  vi.advanceTimersByTime(60_000);
  expect(attempts).toHaveLength(2);
});
