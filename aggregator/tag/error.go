package tag

// Error is one thing that is wrong with the operator's taxonomy.
type Error struct {
	Path    []any  // where: "topics", 3, "patterns", "fr", 0
	Message string // what, with the near miss
}

// Error gives the place and the message.
func (e *Error) Error() string { return e.Message }
