// Of what a person does with events: retry, resolve, replay.
#include "host/api/schemas.hpp"

namespace milepost::api {

const char* recovery_schemas() {
  return R"json({
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
    "Opened": {
      "type": "object", "required": ["event"], "additionalProperties": false,
      "properties": {"event": {"$ref": "#/components/schemas/Event"}}
    }
  })json";
}

}  // namespace milepost::api
