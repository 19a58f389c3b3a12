//! The scripts for the client's ADFS, Windows Server 2016 and later. Every value in them is a literal of [`powershell`].

use super::encode::{Unwritable, powershell};
use super::rules::BLANK;
use super::{Facts, Group, trust_name};

const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

/// What each script begins with.
fn head(says: &str) -> String {
    format!(
        "#Requires -Version 5.1\n#Requires -RunAsAdministrator\n<#\n.SYNOPSIS\n{says}\n.DESCRIPTION\nRun it on the primary AD FS server, Windows Server 2016 or later. -WhatIf shows what it would do.\nNot yet run on a real AD FS: read it before you run it.\n#>\n"
    )
}

fn begin(facts: &Facts, impact: &str) -> Result<String, Unwritable> {
    Ok(format!(
        "[CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = '{impact}')]\nparam(\n    [string]$Name = {}\n)\n\nSet-StrictMode -Version 2.0\n$ErrorActionPreference = 'Stop'\nImport-Module ADFS\n\n$entityId = {}\n",
        powershell(&trust_name(facts))?,
        powershell(&facts.entity_id)?,
    ))
}

/// Whom ADFS lets through: the named groups where all of them are known by name, else everybody, of whom we still refuse all
/// without a role.
fn access(facts: &Facts) -> Result<String, Unwritable> {
    let names = facts.groups.values().map(|group| match group {
        Group::Name(name) => Some(powershell(name)),
        Group::Sid(_) => None,
    });
    let names: Option<Vec<_>> = names.collect();
    let names = names.unwrap_or_default();
    let names: Vec<String> = names.into_iter().collect::<Result<_, _>>()?;
    if names.is_empty() {
        return Ok("    AccessControlPolicyName              = 'Permit everyone'\n".to_owned());
    }
    Ok(format!(
        "    AccessControlPolicyName              = 'Permit specific group'\n    AccessControlPolicyParameters        = @{{ GroupParameter = @({}) }}\n",
        names.join(", ")
    ))
}

/// Makes the trust, or brings it to what it should be.
pub(super) fn add(facts: &Facts) -> Result<String, Unwritable> {
    let signs = facts
        .document
        .saml
        .as_ref()
        .is_none_or(|saml| saml.sign_requests);
    Ok(format!(
        "{head}{begin}
$metadata = Join-Path $PSScriptRoot 'sp-metadata.xml'
$rules = Join-Path $PSScriptRoot 'rules.txt'
foreach ($file in @($metadata, $rules)) {{
    if (-not (Test-Path -LiteralPath $file)) {{ throw \"$file is missing: keep the files of the kit in one folder\" }}
}}
if (Select-String -LiteralPath $rules -SimpleMatch '{BLANK}' -Quiet) {{
    throw \"$rules has blanks that begin with {BLANK}: fill them in first\"
}}
# A mistake in the rules shows here, before anything is changed.
$null = New-AdfsClaimRuleSet -ClaimRuleFile $rules

$settings = @{{
    IssuanceTransformRulesFile           = $rules
{access}    SignatureAlgorithm                   = '{RSA_SHA256}'
    SignedSamlRequestsRequired           = {signed}
    SamlResponseSignature                = 'AssertionOnly'
    SigningCertificateRevocationCheck    = 'None'
    EncryptionCertificateRevocationCheck = 'None'
}}

$trust = Get-AdfsRelyingPartyTrust -Identifier $entityId
if ($null -eq $trust) {{
    if ($PSCmdlet.ShouldProcess($Name, 'Add the relying party trust')) {{
        Add-AdfsRelyingPartyTrust -Name $Name -MetadataFile $metadata @settings
        Write-Output \"$Name is added.\"
    }}
}} else {{
    if ($PSCmdlet.ShouldProcess($trust.Name, 'Bring the relying party trust up to date')) {{
        Update-AdfsRelyingPartyTrust -TargetName $trust.Name -MetadataFile $metadata
        Set-AdfsRelyingPartyTrust -TargetName $trust.Name @settings
        Write-Output \"$($trust.Name) is up to date.\"
    }}
}}
Write-Output 'Now run verify-trust.ps1.'
",
        head = head("Adds the relying party trust for Vestibule, or brings it up to date; twice does no harm."),
        begin = begin(facts, "Medium")?,
        access = access(facts)?,
        signed = if signs { "$true" } else { "$false" },
    ))
}

/// Compares the trust with what it should be.
pub(super) fn verify(facts: &Facts) -> Result<String, Unwritable> {
    let prints = facts.certificates.iter();
    let prints = prints.map(|(_, certificate)| powershell(&certificate.fingerprint));
    let prints: Vec<String> = prints.collect::<Result<_, _>>()?;
    Ok(format!(
        "{head}{begin}$acs = {acs}
$known = @({prints})

$trust = Get-AdfsRelyingPartyTrust -Identifier $entityId
if ($null -eq $trust) {{ throw \"There is no relying party trust with the identifier $entityId. Run add-trust.ps1.\" }}

$sha256 = [System.Security.Cryptography.SHA256]::Create()
function Get-Fingerprint($certificate) {{
    [System.BitConverter]::ToString($sha256.ComputeHash($certificate.RawData)).Replace('-', '')
}}
$wrong = 0
function Test-One([string]$what, [bool]$holds, [string]$remedy) {{
    if ($holds) {{ Write-Output \"ok      $what\" }} else {{ $script:wrong++; Write-Output \"WRONG   ${{what}}: $remedy\" }}
}}

Test-One 'the trust is enabled' $trust.Enabled \"Enable-AdfsRelyingPartyTrust -TargetName '$($trust.Name)'\"
$endpoints = @($trust.SamlEndpoints | Where-Object {{ $_.Protocol -eq 'SAMLAssertionConsumer' -and $_.Location.AbsoluteUri -ceq $acs }})
Test-One \"answers go to $acs\" ($endpoints.Count -gt 0) 'import sp-metadata.xml again: run add-trust.ps1'
Test-One 'signatures are RSA with SHA-256' ($trust.SignatureAlgorithm -ceq '{RSA_SHA256}') 'run add-trust.ps1'
Test-One 'assertions are signed' ($trust.SamlResponseSignature -in @('AssertionOnly', 'MessageAndAssertion')) 'run add-trust.ps1'
foreach ($certificate in @($trust.RequestSigningCertificate)) {{
    Test-One \"our signing certificate $($certificate.Thumbprint) is one of this kit\" ($known -contains (Get-Fingerprint $certificate)) 'ask Vestibule for a new kit'
}}
if ($trust.EncryptionCertificate) {{
    Test-One 'our encryption certificate is one of this kit' ($known -contains (Get-Fingerprint $trust.EncryptionCertificate)) 'ask Vestibule for a new kit'
}}
$rules = [System.IO.File]::ReadAllText((Join-Path $PSScriptRoot 'rules.txt'))
$names = [regex]::Matches($rules, '@RuleName = \"([^\"]+)\"') | ForEach-Object {{ $_.Groups[1].Value }}
foreach ($one in $names) {{
    Test-One \"the rule '$one' is there\" ($trust.IssuanceTransformRules.Contains($one)) 'run add-trust.ps1'
}}
if ($wrong -gt 0) {{ throw \"$wrong things differ.\" }}
Write-Output 'All is as it should be. Sign in at:'
Write-Output {sign_in}
",
        head = head("Compares the relying party trust for Vestibule with what it should be; changes nothing."),
        begin = begin(facts, "Low")?,
        acs = powershell(&facts.acs)?,
        prints = prints.join(", "),
        sign_in = powershell(&facts.sign_in)?,
    ))
}

/// Takes the trust away.
pub(super) fn remove(facts: &Facts) -> Result<String, Unwritable> {
    Ok(format!(
        "{head}{begin}
$trust = Get-AdfsRelyingPartyTrust -Identifier $entityId
if ($null -eq $trust) {{
    Write-Output \"There is no relying party trust with the identifier $entityId.\"
}} elseif ($PSCmdlet.ShouldProcess($trust.Name, 'Remove the relying party trust')) {{
    Remove-AdfsRelyingPartyTrust -TargetName $trust.Name
    Write-Output \"$($trust.Name) is removed: nobody signs in to Vestibule through this AD FS any more.\"
}}
",
        head = head("Removes the relying party trust for Vestibule, after it has asked."),
        begin = begin(facts, "High")?,
    ))
}
