"""Why a receipt brought what it brought, what stands under its number, and those that wait."""
