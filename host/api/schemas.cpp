#include "host/api/schemas.hpp"

namespace milepost::api {

const Json& schemas() {
  static const Json document = Json::parse(R"json({
    "Problem": {
      "description": "RFC 9457.", "type": "object", "required": ["title", "status"],
      "properties": {"type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"}}
    },
    "Live": {
      "type": "object", "required": ["status"], "additionalProperties": false,
      "properties": {"status": {"type": "string", "enum": ["live"]}}
    },
    "Ready": {
      "type": "object", "required": ["status", "stopping", "store", "intake", "folder", "pipelines", "connections", "sources", "plugins", "children", "overdue"], "additionalProperties": false,
      "properties": {
        "status": {"type": "string", "enum": ["ready", "degraded", "unavailable"],
                   "description": "degraded: deliveries are accepted, and something listed here does not work."},
        "stopping": {"type": "boolean"},
        "store": {
          "type": "object", "required": ["ok"], "additionalProperties": false,
          "properties": {"ok": {"type": "boolean"}, "message": {"type": "string"}}
        },
        "intake": {
          "description": "Not open: deliveries are answered 503, since a limit is reached or the store fails.",
          "type": "object", "required": ["open"], "additionalProperties": false,
          "properties": {"open": {"type": "boolean"}, "cause": {"type": "string"}, "remedy": {"type": "string"}}
        },
        "folder": {
          "description": "Not taken: the folder as it is now cannot run, and what ran before goes on.",
          "type": "object", "required": ["taken"], "additionalProperties": false,
          "properties": {"taken": {"type": "boolean"}, "since": {"type": "string", "format": "date-time"}, "reason": {"type": "string"},
                         "faults": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}}}
        },
        "pipelines": {
          "description": "Those that do not run.", "type": "array",
          "items": {
            "type": "object", "required": ["name", "faults"], "additionalProperties": false,
            "properties": {"name": {"type": "string"}, "faults": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}}}
          }
        },
        "connections": {"description": "Those that are paused, fail, rest behind their breaker, or whose credentials end soon.", "type": "array",
                        "items": {"$ref": "#/components/schemas/Connection"}},
        "sources": {"description": "Polling sources that are paused or fail.", "type": "array", "items": {"$ref": "#/components/schemas/Source"}},
        "plugins": {"description": "Those that were refused.", "type": "array", "items": {"$ref": "#/components/schemas/RefusedPlugin"}},
        "children": {"description": "Isolated plugins' processes that rest before they are started again, or ended less than a minute ago.", "type": "array",
                     "items": {"$ref": "#/components/schemas/Child"}},
        "overdue": {
          "description": "Calls into plugins of the host's own process that are not back 2 s after their deadline.", "type": "array",
          "items": {
            "type": "object", "required": ["plugin", "connection", "function", "late_ms"], "additionalProperties": false,
            "properties": {
              "plugin": {"type": "string"}, "connection": {"type": "string"}, "function": {"type": "string"}, "late_ms": {"type": "integer"}
            }
          }
        }
      }
    },
    "Child": {
      "description": "A process of the host in which a plugin runs isolated: of a connection, or of a webhook source without one.",
      "type": "object", "required": ["plugin", "running", "ended"], "additionalProperties": false,
      "properties": {
        "plugin": {"type": "string"}, "connection": {"type": "string"}, "source": {"type": "string"},
        "running": {"type": "boolean", "description": "It is started when it is first needed."},
        "ended": {"type": "integer", "description": "How many have ended since the host started."},
        "reason": {"type": "string", "description": "Why the latest ended, or could not be started."}
      }
    },
    "Source": {
      "type": "object", "required": ["pipeline", "source", "connection", "state"], "additionalProperties": false,
      "properties": {
        "pipeline": {"type": "string"}, "source": {"type": "string"}, "connection": {"type": "string"},
        "state": {"type": "string", "enum": ["paused", "failing"]}, "reason": {"type": "string"},
        "last": {"type": "string", "format": "date-time", "description": "When it last asked and was answered."}
      }
    },
    "Fault": {
      "type": "object", "required": ["code", "file", "line", "column", "path", "message"], "additionalProperties": false,
      "properties": {
        "code": {"type": "string", "description": "milepost explain CODE tells more."},
        "file": {"type": "string"}, "line": {"type": "integer"}, "column": {"type": "integer"},
        "path": {"type": "string"}, "message": {"type": "string"}, "remedy": {"type": "string"}, "warning": {"type": "boolean"}
      }
    },
    "Event": {
      "type": "object", "additionalProperties": false,
      "required": ["sequence", "receipt", "pipeline", "source", "id", "time", "accepted_at", "state", "late", "payload_digest"],
      "properties": {
        "sequence": {"type": "integer", "description": "The order of acceptance."},
        "receipt": {"type": "string", "description": "What the sender was told: a UUIDv7."},
        "pipeline": {"type": "string"}, "source": {"type": "string"},
        "id": {"type": "string", "description": "The sender's own, or the SHA-256 of what it sent."},
        "revision": {"type": "string"}, "type": {"type": "string"}, "subject": {"type": "string"},
        "actor": {"type": "string"}, "reason": {"type": "string"},
        "time": {"type": "string", "format": "date-time", "description": "When it happened, by the sender."},
        "accepted_at": {"type": "string", "format": "date-time"},
        "state": {"type": "string", "enum": ["open", "waiting", "in_doubt", "dead", "done"]},
        "step": {"type": "string", "description": "The next one."},
        "fault": {"type": "string", "description": "Why it is dead or in doubt."},
        "resume_at": {"type": "string", "format": "date-time"},
        "late": {"type": "boolean", "description": "It was released from its lane and resumed."},
        "version": {"type": "string", "description": "Of the pipeline that it runs on."},
        "loan_revision": {"type": "integer"}, "crashes": {"type": "integer"},
        "payload_digest": {"type": "string", "description": "SHA-256, in hex."}
      }
    },
    "EventPage": {
      "type": "object", "required": ["events"], "additionalProperties": false,
      "properties": {
        "events": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}},
        "next": {"type": "integer", "description": "There are more: give it as `before`."}
      }
    },
    "EventDetail": {
      "type": "object", "required": ["event", "steps", "people", "effects", "audit"], "additionalProperties": false,
      "properties": {
        "event": {"$ref": "#/components/schemas/Event"},
        "steps": {"description": "What became of each, in the pipeline's order.", "type": "array",
                  "items": {"$ref": "#/components/schemas/StepStory"}},
        "people": {"$ref": "#/components/schemas/Deeds"},
        "effects": {"type": "array", "items": {"$ref": "#/components/schemas/Effect"}},
        "audit": {"type": "array", "items": {"$ref": "#/components/schemas/AuditRow"}},
        "loan": {"type": ["object", "null"], "description": "The loan as its steps saw it; null where nothing was known."},
        "payload": {"type": "string", "description": "The JSON text, byte for byte. Neither this nor payload_base64: it is pruned."},
        "payload_base64": {"type": "string", "contentEncoding": "base64", "description": "A payload that is no JSON."}
      }
    },
    "StepStory": {
      "type": "object", "required": ["step", "outcome"], "additionalProperties": false,
      "properties": {
        "step": {"type": "string"}, "use": {"type": "string"}, "connection": {"type": "string"},
        "outcome": {"type": "string", "enum": ["created", "updated", "unchanged", "skipped", "superseded", "refused", "lapsed", "settled", "passed", "not_run",
                                               "not_reached", "planned", "sent", "done", "failed", "in_doubt"],
                    "description": "not_run: its condition said no. settled: a person said that it was done. passed: a built-in that ran."},
        "when": {"type": "string", "description": "The condition that was looked at."},
        "values": {"type": "object", "description": "What the condition saw, by path; null where there was nothing."},
        "reason": {"type": "string"}, "action": {"type": "string"}, "note": {"type": "string"},
        "changes": {"description": "What track merged into the loan."},
        "gate": {"description": "What the mail gate said last, and what it saw.", "type": "object", "required": ["outcome"], "additionalProperties": false,
                 "properties": {"outcome": {"type": "string", "enum": ["passed", "refused", "held", "queued", "lapsed"]}, "reason": {"type": "string"}, "seen": {"type": "object"}}},
        "stage": {"description": "What became of the stage that track was given.", "type": "object", "required": ["claimed", "verdict"], "additionalProperties": false,
                  "properties": {"claimed": {"type": "string"}, "verdict": {"type": "string", "enum": ["moved", "kept", "late", "refused", "unmapped"]},
                                 "from": {"type": "string"}, "now": {"type": "string"}, "why": {"type": "string"}, "reason": {"type": "string"}}},
        "attempts": {
          "type": "array",
          "items": {
            "type": "object", "required": ["at"], "additionalProperties": false,
            "properties": {
              "attempt": {"type": "integer"}, "at": {"type": "string", "format": "date-time"},
              "outcome": {"type": "string", "description": "None: the answer is not known."},
              "ended_at": {"type": "string", "format": "date-time"},
              "error": {"description": "The vendor's refusal."},
              "next": {"type": "string", "format": "date-time", "description": "When it was to be tried again."},
              "settled_by": {"type": "string", "enum": ["look_up"], "description": "The answer was lost, and the vendor's record found."}
            }
          }
        },
        "answer": {"description": "The vendor's."}, "record": {"description": "The vendor's record."},
        "state": {"type": "string", "description": "The ledger's."}, "key": {"type": "string", "description": "The idempotency key."}
      }
    },
    "Deeds": {
      "description": "What persons did with it.", "type": "array",
      "items": {
        "type": "object", "required": ["time", "user", "action", "outcome"], "additionalProperties": false,
        "properties": {
          "time": {"type": "string", "format": "date-time"}, "user": {"type": "string"}, "action": {"type": "string"},
          "outcome": {"type": "string"}, "step": {"type": "string"}, "reason": {"type": "string"}
        }
      }
    },
    "Why": {
      "type": "object", "required": ["subject", "events"], "additionalProperties": false,
      "properties": {
        "subject": {"type": "string"},
        "loan": {"$ref": "#/components/schemas/LoanState"},
        "path": {"$ref": "#/components/schemas/LoanPath"},
        "older": {"type": "boolean", "description": "There are older events, left out."},
        "events": {
          "type": "array",
          "items": {
            "type": "object", "required": ["event", "steps", "people"], "additionalProperties": false,
            "properties": {
              "event": {"$ref": "#/components/schemas/Event"},
              "steps": {"type": "array", "items": {"$ref": "#/components/schemas/StepStory"}},
              "people": {"$ref": "#/components/schemas/Deeds"},
              "duplicates": {"type": "integer", "description": "How often it was sent again."}
            }
          }
        }
      }
    },
    "LoanState": {
      "description": "What track keeps of a loan now, as expressions see it: the tracked fields, and with a stage these.", "type": ["object", "null"],
      "properties": {
        "stage_since": {"type": "string", "format": "date-time"},
        "days_in_stage": {"type": "integer", "description": "Whole days of 24 hours."},
        "business_days_in_stage": {"type": "integer"},
        "stage_due": {"type": "string", "format": "date-time", "description": "When its service level is used up."},
        "stuck": {"type": "boolean", "description": "Past stage_due."},
        "tasks": {"type": "object", "description": "By id."},
        "open_tasks": {"type": "integer"}, "overdue_tasks": {"type": "integer"}
      }
    },
    "LoanPath": {
      "description": "Its stays in the stages, oldest first; the last one has no `until`.", "type": "array",
      "items": {
        "type": "object", "required": ["stage", "since", "days", "business_days"], "additionalProperties": false,
        "properties": {
          "stage": {"type": "string"}, "since": {"type": "string", "format": "date-time"}, "until": {"type": "string", "format": "date-time"},
          "days": {"type": "integer"}, "business_days": {"type": "integer"}, "event": {"type": "string", "description": "Receipt of the event that moved it."}
        }
      }
    },
    "LoanSummary": {
      "type": "object", "required": ["subject", "revision", "time", "state"], "additionalProperties": false,
      "properties": {
        "subject": {"type": "string"}, "revision": {"type": "integer"},
        "time": {"type": "string", "format": "date-time", "description": "Of the event that made this revision."},
        "state": {"$ref": "#/components/schemas/LoanState"}
      }
    },
    "LoanPage": {
      "type": "object", "required": ["loans"], "additionalProperties": false,
      "properties": {
        "loans": {"type": "array", "items": {"$ref": "#/components/schemas/LoanSummary"}},
        "next": {"type": "string", "description": "There may be more: give it as `after`."}
      }
    },
    "Loan": {
      "type": "object", "required": ["subject", "revision", "time", "state", "path", "mail"], "additionalProperties": false,
      "properties": {
        "subject": {"type": "string"}, "revision": {"type": "integer"}, "time": {"type": "string", "format": "date-time"},
        "state": {"$ref": "#/components/schemas/LoanState"}, "path": {"$ref": "#/components/schemas/LoanPath"},
        "mail": {
          "description": "Each piece that was handed to a vendor.", "type": "array",
          "items": {
            "type": "object", "required": ["step", "use", "connection", "sent_at"], "additionalProperties": false,
            "properties": {
              "step": {"type": "string"}, "use": {"type": "string"}, "connection": {"type": "string"}, "sent_at": {"type": "string", "format": "date-time"},
              "recalled_at": {"type": "string", "format": "date-time", "description": "When the host asked for it back."}, "event": {"type": "string"}
            }
          }
        }
      }
    },
    "LoanHistory": {
      "type": "object", "required": ["subject", "revisions"], "additionalProperties": false,
      "properties": {
        "subject": {"type": "string"},
        "revisions": {
          "type": "array",
          "items": {
            "type": "object", "required": ["revision", "time", "fields"], "additionalProperties": false,
            "properties": {
              "revision": {"type": "integer"}, "time": {"type": "string", "format": "date-time"}, "fields": {"type": "object"},
              "event": {"type": "string", "description": "Receipt of the event that made it."}, "pipeline": {"type": "string"}, "type": {"type": "string"}
            }
          }
        },
        "next": {"type": "integer", "description": "There are older ones: give it as `before`."}
      }
    },
    "Spans": {
      "description": "Days of 24 hours, or business days.", "type": "object", "required": ["count"], "additionalProperties": false,
      "properties": {"count": {"type": "integer"}, "mean": {"type": "number"}, "median": {"type": "number"}, "p90": {"type": "number"}}
    },
    "Signals": {
      "type": "object", "required": ["since", "until", "groups"], "additionalProperties": false,
      "properties": {
        "since": {"type": "string", "format": "date-time"}, "until": {"type": "string", "format": "date-time"}, "by": {"type": "string"},
        "groups": {
          "type": "array",
          "items": {
            "type": "object", "required": ["loans", "days_in_stage", "overdue", "mismatch", "mail_to_close", "automation"], "additionalProperties": false,
            "properties": {
              "group": {"type": "string", "description": "Empty: loans that do not have the field."}, "loans": {"type": "integer"},
              "days_in_stage": {"type": "array", "items": {
                "type": "object", "required": ["stage", "there", "days", "business_days"], "additionalProperties": false,
                "properties": {"stage": {"type": "string"}, "there": {"type": "integer", "description": "Loans that are in it at the end."},
                               "days": {"$ref": "#/components/schemas/Spans"}, "business_days": {"$ref": "#/components/schemas/Spans"}}}},
              "overdue": {"type": "object", "required": ["due", "overdue", "rate"], "additionalProperties": false,
                          "properties": {"due": {"type": "integer"}, "overdue": {"type": "integer"}, "rate": {"type": ["number", "null"]}}},
              "mismatch": {"type": "object", "required": ["compared", "mismatched", "rate"], "additionalProperties": false,
                           "properties": {"compared": {"type": "integer"}, "mismatched": {"type": "integer"}, "rate": {"type": ["number", "null"]}}},
              "mail_to_close": {"$ref": "#/components/schemas/Spans"},
              "automation": {"type": "object", "required": ["changes", "by_hand", "coverage"], "additionalProperties": false,
                             "properties": {"changes": {"type": "integer"}, "by_hand": {"type": "integer"}, "coverage": {"type": ["number", "null"]}}}
            }
          }
        }
      }
    },
    "Suppression": {
      "description": "Who gets no mail.", "type": "object", "required": ["key", "reason", "user", "since"], "additionalProperties": false,
      "properties": {"key": {"type": "string"}, "reason": {"type": "string"}, "user": {"type": "string", "description": "Who said so."},
                     "since": {"type": "string", "format": "date-time"}}
    },
    "SuppressionPage": {
      "type": "object", "required": ["suppressions"], "additionalProperties": false,
      "properties": {"suppressions": {"type": "array", "items": {"$ref": "#/components/schemas/Suppression"}},
                     "next": {"type": "string", "description": "There are more: give it as `after`."}}
    },
    "Suppress": {
      "type": "object", "required": ["key", "reason"], "additionalProperties": false,
      "properties": {"key": {"type": "string", "minLength": 1, "maxLength": 256, "description": "A loan, a borrower's id: what mail.suppress in loans.yaml gives."},
                     "reason": {"type": "string", "minLength": 1, "maxLength": 1000}}
    },
    "Suppressed": {
      "type": "object", "required": ["key", "suppressed"], "additionalProperties": false,
      "properties": {"key": {"type": "string"}, "suppressed": {"type": "boolean"}}
    },
    "Retry": {
      "type": "object", "required": ["reason"], "additionalProperties": false,
      "properties": {
        "reason": {"type": "string", "minLength": 1, "maxLength": 1000, "description": "Stands in the audit trail."},
        "began": {"type": "boolean", "description": "On the version that it began with; else on the current one."}
      }
    },
    "RetrySome": {
      "type": "object", "required": ["reason"], "additionalProperties": false,
      "properties": {
        "reason": {"type": "string", "minLength": 1, "maxLength": 1000},
        "began": {"type": "boolean"},
        "pipeline": {"type": "string", "minLength": 1}, "subject": {"type": "string", "minLength": 1},
        "type": {"type": "string", "minLength": 1}, "step": {"type": "string", "minLength": 1},
        "since": {"type": "string", "description": "Accepted at or after: a time (RFC 3339), or how long ago, such as 2d."},
        "until": {"type": "string", "description": "Accepted before."},
        "all": {"type": "boolean", "description": "Every one; stands instead of a selection."},
        "after": {"type": "integer", "minimum": 0, "description": "`next` of the answer before."}
      }
    },
    "Retried": {
      "type": "object", "required": ["opened", "refused"], "additionalProperties": false,
      "properties": {
        "opened": {"type": "integer"},
        "refused": {
          "description": "Those stay dead letters.", "type": "array",
          "items": {
            "type": "object", "required": ["receipt", "reason"], "additionalProperties": false,
            "properties": {"receipt": {"type": "string"}, "reason": {"type": "string"}}
          }
        },
        "next": {"type": "integer", "description": "There may be more: give it as `after`."}
      }
    },
    "Resolution": {
      "type": "object", "required": ["as", "reason"], "additionalProperties": false,
      "properties": {
        "as": {"type": "string", "enum": ["done", "retry", "abandon"],
               "description": "done: the vendor has it. retry: it does not; send it again, with the same key. abandon: a dead letter."},
        "reason": {"type": "string", "minLength": 1, "maxLength": 1000},
        "answer": {"type": "object", "description": "With done: what later steps see as the step's answer."},
        "began": {"type": "boolean"}
      }
    },
    "Replay": {
      "type": "object", "additionalProperties": false,
      "properties": {
        "since": {"type": "string", "description": "Accepted at or after: a time (RFC 3339), or how long ago, such as 7d. This or subject is needed."},
        "until": {"type": "string", "description": "Accepted before."},
        "pipeline": {"type": "string", "minLength": 1}, "subject": {"type": "string", "minLength": 1},
        "type": {"type": "string", "minLength": 1}, "step": {"type": "string", "minLength": 1},
        "apply": {"type": "boolean", "description": "Open the events with a step that would run and did not. What was done is kept. Without it nothing is sent and nothing changed."},
        "reason": {"type": "string", "minLength": 1, "maxLength": 1000, "description": "Needed with apply."},
        "after": {"type": "integer", "minimum": 0, "description": "`next` of the answer before."}
      }
    },
    "Replayed": {
      "type": "object", "required": ["examined", "same", "left_out", "differ"], "additionalProperties": false,
      "properties": {
        "examined": {"type": "integer"}, "same": {"type": "integer"},
        "left_out": {"type": "integer", "description": "Under way, in doubt, never decoded, pruned, or of a pipeline that does not run."},
        "differ": {
          "type": "array",
          "items": {
            "type": "object", "required": ["event", "differences", "opened"], "additionalProperties": false,
            "properties": {
              "event": {"$ref": "#/components/schemas/Event"},
              "end": {"type": "string", "description": "How it would end now, where it did not."},
              "opened": {"type": "boolean"},
              "differences": {
                "type": "array",
                "items": {
                  "type": "object", "required": ["kind", "step", "use"], "additionalProperties": false,
                  "properties": {
                    "kind": {"type": "string", "enum": ["would_run", "would_not_run", "other_request"]},
                    "step": {"type": "string"}, "use": {"type": "string"}, "reason": {"type": "string"},
                    "with": {"description": "As it would go out now."},
                    "changes": {
                      "type": "array",
                      "items": {
                        "type": "object", "required": ["path", "then", "now"], "additionalProperties": false,
                        "properties": {"path": {"type": "string"}, "then": {}, "now": {}}
                      }
                    }
                  }
                }
              }
            }
          }
        },
        "next": {"type": "integer", "description": "There may be more: give it as `after`."}
      }
    },
    "KeyChanges": {
      "type": "array",
      "items": {
        "type": "object", "required": ["path"], "additionalProperties": false,
        "properties": {"path": {"type": "string", "description": "A step goes by its id: steps.card.when."}, "before": {"type": "string"}, "after": {"type": "string"}}
      }
    },
    "Change": {
      "type": "object", "required": ["name", "kind", "file", "restarts"], "additionalProperties": false,
      "properties": {
        "name": {"type": "string"}, "kind": {"type": "string", "enum": ["added", "changed", "removed"]}, "file": {"type": "string"},
        "before": {"type": "string", "description": "A version."}, "after": {"type": "string"},
        "keys": {"$ref": "#/components/schemas/KeyChanges"},
        "others": {"type": "array", "items": {"type": "string"}, "description": "What is another without a key: a secret's value, a plugin, comments."},
        "restarts": {"type": "boolean", "description": "Not where only comments, order or form of its text changed."}
      }
    },
    "Plan": {
      "type": "object", "required": ["hash", "pipelines", "connections", "loans", "next_start"], "additionalProperties": false,
      "properties": {
        "hash": {"type": "string", "description": "Over exactly what would be applied, and what it was compared with."},
        "pipelines": {"type": "array", "items": {"$ref": "#/components/schemas/Change"}},
        "connections": {"type": "array", "items": {"$ref": "#/components/schemas/Change"}},
        "loans": {"$ref": "#/components/schemas/KeyChanges"},
        "next_start": {"$ref": "#/components/schemas/KeyChanges"}
      }
    },
    "Planned": {
      "type": "object", "required": ["running", "sound", "faults", "plan", "under_way"], "additionalProperties": false,
      "properties": {
        "running": {"type": "boolean", "description": "Against a running host; else against what ran last."},
        "sound": {"type": "boolean", "description": "Otherwise it cannot be applied: see the faults."},
        "faults": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}},
        "plan": {"$ref": "#/components/schemas/Plan"},
        "under_way": {
          "description": "By pipeline: events that have not ended.", "type": "object",
          "additionalProperties": {
            "type": "object", "required": ["open", "waiting", "in_doubt"], "additionalProperties": false,
            "properties": {"open": {"type": "integer"}, "waiting": {"type": "integer"}, "in_doubt": {"type": "integer"}}
          }
        }
      }
    },
    "MakePlan": {"type": "object", "additionalProperties": false},
    "PlanReplay": {
      "type": "object", "required": ["hash"], "additionalProperties": false,
      "properties": {
        "hash": {"type": "string", "minLength": 8}, "pipeline": {"type": "string", "minLength": 1},
        "since": {"type": "string", "description": "Accepted at or after: a time (RFC 3339), or how long ago, such as 7d."},
        "until": {"type": "string", "description": "Accepted before."},
        "after": {"type": "integer", "minimum": 0, "description": "`next` of the answer before."}
      }
    },
    "Apply": {
      "type": "object", "required": ["hash", "reason"], "additionalProperties": false,
      "properties": {
        "hash": {"type": "string", "minLength": 8, "description": "Of a plan, or the beginning of it."},
        "reason": {"type": "string", "minLength": 1, "maxLength": 1000, "pattern": "[^ ]", "description": "Stands in the audit trail."}
      }
    },
    "Revert": {
      "type": "object", "required": ["to", "reason"], "additionalProperties": false,
      "properties": {
        "to": {"type": "string", "minLength": 4, "description": "A version, or its beginning."},
        "reason": {"type": "string", "minLength": 1, "maxLength": 1000, "pattern": "[^ ]", "description": "Stands in the audit trail."},
        "discard": {"type": "boolean", "description": "Also when the file was edited since it went live: the edit is lost."}
      }
    },
    "Applied": {
      "type": "object", "required": ["plan"], "additionalProperties": false,
      "properties": {"plan": {"$ref": "#/components/schemas/Plan"}}
    },
    "History": {
      "type": "object", "required": ["pipeline", "history"], "additionalProperties": false,
      "properties": {
        "pipeline": {"type": "string"},
        "history": {
          "type": "array",
          "items": {
            "type": "object", "required": ["version", "at", "user", "action", "outcome", "file", "audit", "text_kept"], "additionalProperties": false,
            "properties": {
              "version": {"type": "string", "description": "Empty: it was taken away."}, "at": {"type": "string", "format": "date-time"},
              "user": {"type": "string"}, "reason": {"type": "string"},
              "action": {"type": "string", "enum": ["pipeline.start", "pipeline.reload", "pipeline.apply", "pipeline.revert"]},
              "outcome": {"type": "string", "enum": ["added", "changed", "removed"]}, "file": {"type": "string"},
              "audit": {"type": "integer", "description": "The row of the audit trail."},
              "text_kept": {"type": "boolean", "description": "It can be taken back."}
            }
          }
        }
      }
    },
    "Diff": {
      "type": "object", "required": ["pipeline", "from", "to", "keys"], "additionalProperties": false,
      "properties": {"pipeline": {"type": "string"}, "from": {"type": "string"}, "to": {"type": "string"}, "keys": {"$ref": "#/components/schemas/KeyChanges"}}
    },
    "Opened": {
      "type": "object", "required": ["event"], "additionalProperties": false,
      "properties": {"event": {"$ref": "#/components/schemas/Event"}}
    },
    "Effect": {
      "type": "object", "required": ["step", "state", "attempt"], "additionalProperties": false,
      "properties": {
        "step": {"type": "string"},
        "state": {"type": "string", "enum": ["planned", "sent", "done", "skipped", "failed", "in_doubt"]},
        "attempt": {"type": "integer", "description": "How often it was sent."},
        "key": {"type": "string", "description": "The idempotency key."},
        "connection": {"type": "string"}, "version": {"type": "string"}, "plugin": {"type": "string"},
        "first_at": {"type": "string", "format": "date-time"}, "sent_at": {"type": "string", "format": "date-time"},
        "ended_at": {"type": "string", "format": "date-time"}, "next_at": {"type": "string", "format": "date-time"},
        "answer": {"description": "The vendor's, as later steps see it."},
        "error": {"description": "Of the last attempt."}
      }
    },
    "AuditRow": {
      "type": "object", "additionalProperties": false,
      "required": ["sequence", "time", "kind", "user", "action", "details_digest", "previous", "hash"],
      "properties": {
        "sequence": {"type": "integer"}, "time": {"type": "string", "format": "date-time"},
        "kind": {"type": "string", "enum": ["event", "intent", "outcome", "decision", "admin"]},
        "user": {"type": "string"}, "action": {"type": "string"}, "subject": {"type": "string"}, "pipeline": {"type": "string"},
        "version": {"type": "string"}, "event": {"type": "string"}, "step": {"type": "string"}, "outcome": {"type": "string"},
        "plugin": {"type": "string"},
        "details": {"description": "Reason, note and the like."},
        "erased": {"type": "boolean", "description": "The details were erased; the chain holds all the same."},
        "details_digest": {"type": "string"}, "previous": {"type": "string"}, "hash": {"type": "string"}
      }
    },
    "AuditPage": {
      "type": "object", "required": ["rows"], "additionalProperties": false,
      "properties": {
        "rows": {"type": "array", "items": {"$ref": "#/components/schemas/AuditRow"}},
        "next": {"type": "integer", "description": "There are more: give it as `after`."}
      }
    },
    "Pipelines": {
      "type": "object", "required": ["pipelines"], "additionalProperties": false,
      "properties": {
        "pipelines": {
          "type": "array",
          "items": {
            "type": "object", "additionalProperties": false,
            "required": ["name", "version", "description", "owner", "running", "sources", "steps", "faults"],
            "properties": {
              "name": {"type": "string"}, "version": {"type": "string"}, "description": {"type": "string"}, "owner": {"type": "string"},
              "running": {"type": "boolean"},
              "sources": {"type": "array", "items": {"type": "string"}}, "steps": {"type": "array", "items": {"type": "string"}},
              "faults": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}}
            }
          }
        }
      }
    },
    "Connection": {
      "type": "object", "required": ["name", "connector", "state", "in_flight"], "additionalProperties": false,
      "properties": {
        "name": {"type": "string"}, "connector": {"type": "string"},
        "state": {"type": "string", "enum": ["closed", "opening", "open", "paused", "failing", "breaker_open"]},
        "reason": {"type": "string"}, "in_flight": {"type": "integer"},
        "children": {"description": "With isolation: process; one for deliveries, and one for each of its polling sources.", "type": "array",
                     "items": {"$ref": "#/components/schemas/Child"}},
        "warning": {"type": "string", "description": "Its credentials end within two weeks, or have ended."}
      }
    },
    "ConnectionState": {
      "type": "object", "required": ["connection"], "additionalProperties": false,
      "properties": {"connection": {"$ref": "#/components/schemas/Connection"}}
    },
    "Reason": {
      "type": "object", "required": ["reason"], "additionalProperties": false,
      "properties": {"reason": {"type": "string", "minLength": 1, "maxLength": 1000, "description": "Stands in the audit trail."}}
    },
    "Probe": {"type": "object", "additionalProperties": false},
    "Probed": {
      "type": "object", "required": ["works"], "additionalProperties": false,
      "properties": {"works": {"type": "boolean"}, "reason": {"type": "string", "description": "What the vendor, or the way to it, said."}}
    },
    "Connections": {
      "type": "object", "required": ["connections"], "additionalProperties": false,
      "properties": {"connections": {"type": "array", "items": {"$ref": "#/components/schemas/Connection"}}}
    },
    "RefusedPlugin": {
      "type": "object", "required": ["connector", "path", "reason"], "additionalProperties": false,
      "properties": {"connector": {"type": "string"}, "path": {"type": "string"}, "reason": {"type": "string"}}
    },
    "Plugins": {
      "type": "object", "required": ["plugins", "refused"], "additionalProperties": false,
      "properties": {
        "plugins": {
          "type": "array",
          "items": {
            "type": "object", "required": ["name", "version", "summary", "sdk", "abi", "path", "digest", "manifest"],
            "additionalProperties": false,
            "properties": {
              "name": {"type": "string"}, "version": {"type": "string"}, "summary": {"type": "string"}, "sdk": {"type": "string"},
              "abi": {"type": "string"}, "path": {"type": "string"}, "digest": {"type": "string"},
              "manifest": {"type": "object", "description": "What the plugin declares."}
            }
          }
        },
        "refused": {"type": "array", "items": {"$ref": "#/components/schemas/RefusedPlugin"}}
      }
    },
    "OpenApi": {"type": "object", "required": ["openapi", "info", "paths"]}
  })json");
  return document;
}

}  // namespace milepost::api
