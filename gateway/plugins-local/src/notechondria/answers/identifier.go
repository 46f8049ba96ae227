package answers

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"regexp"
)

// idHeader names the request: in every answer, and in every line of a log that is about it.
const idHeader = "X-Request-Id"

// decent is a client's own name for its request that is kept, as the services keep it (notechondria_shared/http/edge.py).
var decent = regexp.MustCompile(`^[A-Za-z0-9._-]{8,128}$`)

// name sees to it that a request has a name before anybody answers it.
func name(headers http.Header) {
	if sent := headers[idHeader]; sent != nil && decent.MatchString(sent[0]) {
		return
	}
	random := make([]byte, 16)
	_, _ = rand.Read(random)
	headers[idHeader] = []string{hex.EncodeToString(random)}
}
