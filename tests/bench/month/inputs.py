"""A month at a lender, made of a seed: what happens in the LOS, what its webhooks make of it, when the CRM is down, and what people do to deals by hand. Times are seconds from the start."""
import random

STAGES = ["inquiry", "pre-qual", "docs", "underwriting", "approval", "funding"]
HOUR, DAY = 3600, 86400
OFFICE = (8 * HOUR, 18 * HOUR)


class Month:
    """`changes`: (time, loan, stage, version), the truth. `deliveries`: (time, change), in the order in which they arrive. `edits`: (time, loan, stage) by hand, in the CRM.
    `outage`: (from, to). `lost`, `late`, `doubled`, `disordered`: how many of them there are."""

    def __init__(self, loans, days, seed):
        self.random = random.Random(seed)
        self.days, self.changes, self.deliveries, self.edits = days, [], [], []
        self.lost_events = set()
        self.lost = self.late = self.doubled = self.disordered = 0
        day = min(days - 1, 9) if days > 2 else 1
        self.outage = (day * DAY + 10 * HOUR, day * DAY + 16 * HOUR)
        for number in range(loans):
            self.live(f"L-{10000 + number}")
        self.changes.sort()
        self.deliveries.sort(key=lambda each: each[0])
        per_day = max(2, loans // 200)
        names = sorted({change[1] for change in self.changes})
        for each in range(1, days):
            for _ in range(per_day):
                time = each * DAY + self.random.uniform(*OFFICE)
                if not self.outage[0] - HOUR < time < self.outage[1]:
                    self.edits.append((time, self.random.choice(names), self.random.choice(STAGES)))
        self.edits.sort()

    def office(self, time):
        """The next moment of the office's hours."""
        day, second = divmod(time, DAY)
        return time if OFFICE[0] <= second <= OFFICE[1] else (day + (second > OFFICE[1])) * DAY + self.random.uniform(*OFFICE)

    def live(self, loan):
        """Two of three are there at the start, somewhere on their way; the others come in over the month."""
        there = self.random.random() < 0.67
        stage = self.random.randrange(0, 5) if there else 0
        time = self.random.uniform(1 * HOUR, 8 * HOUR) if there else self.office(self.random.uniform(1, 0.7 * self.days) * DAY)
        version = 0
        while time < (self.days - 0.5) * DAY:
            version += 1
            change = (time, loan, STAGES[stage], version)
            self.changes.append(change)
            self.deliver(change, quiet=there and version == 1)
            if stage == len(STAGES) - 1:
                break
            stage += 1
            # Now and then a person clicks through two stages in a row.
            time = time + self.random.uniform(600, HOUR) if self.random.random() < 0.15 else self.office(time + self.random.expovariate(1 / 5) * DAY + HOUR)

    def deliver(self, change, quiet):
        """`quiet`: the first load, which goes well."""
        time, draw = change[0] + 1, self.random.random()
        if quiet:
            self.deliveries.append((time, change))
        elif draw < 0.03:
            self.lost += 1
            self.lost_events.add(event_id(change))
        elif draw < 0.08:
            self.late += 1
            self.deliveries.append((time + self.random.uniform(0.5, 12) * HOUR, change))
        elif draw < 0.13:  # the sender did not see the answer, and sends it once more, when it comes to it
            self.doubled += 1
            self.deliveries.append((time, change))
            self.deliveries.append((time + self.random.uniform(0.1, 36) * HOUR, change))
        elif draw < 0.18:  # two queues at the sender: one of them is an hour behind
            self.disordered += 1
            self.deliveries.append((time + self.random.uniform(0.3, 1.2) * HOUR, change))
        else:
            self.deliveries.append((time, change))


def event_id(change):
    return f"{change[1]}-{change[3]}"
