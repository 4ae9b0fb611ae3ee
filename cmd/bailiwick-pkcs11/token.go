//go:build cgo

package main

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/miekg/pkcs11"

	"bailiwick/kek"
)

// token is a session with a token, signed in.
type token struct {
	*pkcs11.Ctx
	session pkcs11.SessionHandle
	label   string
}

var errNoKey = errors.New("the token has no such key")

// open loads the library, finds the token by its label and signs in. No error holds the PIN.
func open(module, name, label, pin string) (*token, error) {
	c := pkcs11.New(module)
	if c == nil {
		return nil, fmt.Errorf("the library %s cannot be loaded", module)
	}
	if err := c.Initialize(); err != nil {
		return nil, fmt.Errorf("initialize: %w", err)
	}
	slots, err := c.GetSlotList(true)
	if err != nil {
		return nil, fmt.Errorf("slots: %w", err)
	}
	at := slices.IndexFunc(slots, func(slot uint) bool {
		info, err := c.GetTokenInfo(slot)
		return err == nil && strings.TrimRight(info.Label, " \x00") == name
	})
	if at < 0 {
		return nil, fmt.Errorf("there is no token %q", name)
	}
	session, err := c.OpenSession(slots[at], pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	if err := c.Login(session, pkcs11.CKU_USER, pin); err != nil {
		return nil, fmt.Errorf("sign in to the token: %w", err)
	}
	return &token{c, session, label}, nil
}

func (t *token) close() {
	_ = t.Logout(t.session) // the program ends, and its session with it
	_ = t.Finalize()
	t.Destroy()
}

// find gives the keys of our label that have an id, or all of them where id is nil.
func (t *token) find(id []byte) ([]pkcs11.ObjectHandle, error) {
	template := []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_SECRET_KEY), pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_AES),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, t.label),
	}
	if id != nil {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_ID, id))
	}
	if err := t.FindObjectsInit(t.session, template); err != nil {
		return nil, err
	}
	found, _, err := t.FindObjects(t.session, 10_000)
	return found, errors.Join(err, t.FindObjectsFinal(t.session))
}

// newest gives the id of the key that was made last: ids begin with the time.
func (t *token) newest() (string, error) {
	keys, err := t.find(nil)
	if err != nil {
		return "", err
	}
	var last []byte
	for _, key := range keys {
		id, err := t.GetAttributeValue(t.session, key, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_ID, nil)})
		if err != nil {
			return "", err
		}
		if bytes.Compare(id[0].Value, last) > 0 {
			last = id[0].Value
		}
	}
	if last == nil {
		return "", nil
	}
	return kek.PKCS11Prefix + hex.EncodeToString(last), nil
}

// make has the token make an AES-256 key that cannot leave it.
func (t *token) make() (string, error) {
	id := binary.BigEndian.AppendUint64(nil, uint64(time.Now().UnixMilli()))
	chance := make([]byte, 8)
	rand.Read(chance) // never fails: crypto/rand ends the process instead
	id = append(id, chance...)
	_, err := t.GenerateKey(t.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_KEY_GEN, nil)}, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true),
		pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true), pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false),
		pkcs11.NewAttribute(pkcs11.CKA_ENCRYPT, true), pkcs11.NewAttribute(pkcs11.CKA_DECRYPT, true),
		pkcs11.NewAttribute(pkcs11.CKA_VALUE_LEN, 32), pkcs11.NewAttribute(pkcs11.CKA_LABEL, t.label), pkcs11.NewAttribute(pkcs11.CKA_ID, id),
	})
	return kek.PKCS11Prefix + hex.EncodeToString(id), err
}

// key finds the key of an id.
func (t *token) key(id string) (pkcs11.ObjectHandle, error) {
	raw, err := hex.DecodeString(strings.TrimPrefix(id, kek.PKCS11Prefix))
	if err != nil || len(raw) == 0 {
		return 0, errNoKey
	}
	keys, err := t.find(raw)
	if err == nil && len(keys) == 0 {
		err = errNoKey
	}
	if err != nil {
		return 0, err
	}
	return keys[0], nil
}

// nonceSize and tagBits are those of AES-GCM everywhere.
const (
	nonceSize = 12
	tagBits   = 128
)

// wrap is AES-256 in Galois counter mode inside of the token. A token may choose another nonce than the one that it was given.
func (t *token) wrap(id string, text []byte) ([]byte, error) {
	key, err := t.key(id)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, nonceSize)
	rand.Read(nonce)
	p := pkcs11.NewGCMParams(nonce, []byte(id), tagBits)
	defer p.Free()
	if err := t.EncryptInit(t.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_GCM, p)}, key); err != nil {
		return nil, err
	}
	sealed, err := t.Encrypt(t.session, text)
	if used := p.IV(); len(used) == nonceSize {
		nonce = used
	}
	return slices.Concat(nonce, sealed), err
}

func (t *token) unwrap(id string, wrapped []byte) ([]byte, error) {
	if len(wrapped) <= nonceSize {
		return nil, errors.New("what is to be unwrapped is cut off")
	}
	key, err := t.key(id)
	if err != nil {
		return nil, err
	}
	p := pkcs11.NewGCMParams(bytes.Clone(wrapped[:nonceSize]), []byte(id), tagBits)
	defer p.Free()
	if err := t.DecryptInit(t.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_GCM, p)}, key); err != nil {
		return nil, err
	}
	return t.Decrypt(t.session, wrapped[nonceSize:])
}
