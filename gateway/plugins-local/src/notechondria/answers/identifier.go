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
func name(request *http.Request) {
	if decent.MatchString(request.Header.Get(idHeader)) {
		return
	}
	var random [16]byte
	_, _ = rand.Read(random[:])
	request.Header.Set(idHeader, hex.EncodeToString(random[:]))
}
