// Of events: what became of them, and what the audit trail says.
#include "host/api/schemas.hpp"

namespace milepost::api {

const char* event_schemas() {
  return R"json({
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
        "outcome": {"type": "string", "enum": ["created", "updated", "unchanged", "skipped", "superseded", "refused", "lapsed", "held_out", "settled", "passed", "not_run",
                                               "not_reached", "planned", "sent", "done", "failed", "in_doubt"],
                    "description": "not_run: its condition said no. settled: a person said that it was done. passed: a built-in that ran."},
        "when": {"type": "string", "description": "The condition that was looked at."},
        "values": {"type": "object", "description": "What the condition saw, by path; null where there was nothing."},
        "reason": {"type": "string"}, "action": {"type": "string"}, "note": {"type": "string"},
        "changes": {"description": "What track merged into the loan."},
        "gate": {"description": "What the mail gate said last, and what it saw.", "type": "object", "required": ["outcome"], "additionalProperties": false,
                 "properties": {"outcome": {"type": "string", "enum": ["passed", "refused", "held", "queued", "lapsed", "held_out"]}, "reason": {"type": "string"}, "seen": {"type": "object"}}},
        "stage": {"description": "What became of the stage that track was given.", "type": "object", "required": ["claimed", "verdict"], "additionalProperties": false,
                  "properties": {"claimed": {"type": "string"}, "verdict": {"type": "string", "enum": ["moved", "kept", "late", "refused", "unmapped"]},
                                 "from": {"type": "string"}, "now": {"type": "string"}, "why": {"type": "string"}, "reason": {"type": "string"}}},
        "sync": {"description": "What became of each field that systems share.", "type": "object", "required": ["system", "fields"], "additionalProperties": false,
                 "properties": {"system": {"type": "string", "description": "Whose word the event was."},
                                "fields": {"type": "object", "additionalProperties": {"type": "string", "enum": ["stale", "echo", "known", "same", "taken", "late", "refused", "unowned", "kept", "overruled", "task", "endless"]}}}},
        "conflicts": {"description": "Fields that the system changed and does not own, with both values.", "type": "array", "items": {"type": "object"}},
        "renamed": {"description": "The loan is called otherwise now.", "type": "array", "items": {"type": "object"}},
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
        "names": {"type": "array", "items": {"type": "string"}, "description": "What the loan was called before."},
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
    }
  })json";
}

}  // namespace milepost::api
